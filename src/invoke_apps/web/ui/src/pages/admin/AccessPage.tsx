import { Page } from "../../components/Page";
import { texts } from "../../texts";

export function AccessPage() {
  return <Page title={texts.common.access}>{null}</Page>;
}
