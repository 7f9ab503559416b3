import { Page } from "../../components/Page";
import { texts } from "../../texts";

export function QueuePage() {
  return <Page title={texts.common.queue}>{null}</Page>;
}
