import { Page } from "../../components/Page";
import { texts } from "../../texts";

export function ModelsPage() {
  return <Page title={texts.common.models}>{null}</Page>;
}
