import { Page } from "../../components/Page";
import { texts } from "../../texts";

export function AuditPage() {
  return <Page title={texts.common.audit}>{null}</Page>;
}
