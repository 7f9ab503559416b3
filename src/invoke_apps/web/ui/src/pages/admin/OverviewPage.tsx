import { Page } from "../../components/Page";
import { texts } from "../../texts";

export function OverviewPage() {
  return <Page title={texts.common.overview}>{null}</Page>;
}
