import { Page } from "../../components/Page";
import { texts } from "../../texts";

export function PeoplePage() {
  return <Page title={texts.common.people}>{null}</Page>;
}
