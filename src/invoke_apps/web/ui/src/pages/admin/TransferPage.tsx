import { Page } from "../../components/Page";
import { texts } from "../../texts";

export function TransferPage() {
  return <Page title={texts.common.transfer}>{null}</Page>;
}
