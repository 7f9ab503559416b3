import { Page } from "../../components/Page";
import { texts } from "../../texts";

export function HealthPage() {
  return <Page title={texts.common.health}>{null}</Page>;
}
