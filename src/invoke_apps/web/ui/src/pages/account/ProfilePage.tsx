import { Page } from "../../components/Page";
import { texts } from "../../texts";

export function ProfilePage() {
  return <Page title={texts.common.profile}>{null}</Page>;
}
