import { Page } from "../../components/Page";
import { texts } from "../../texts";

export function GeneratePage() {
  return <Page title={texts.common.generate}>{null}</Page>;
}
