import { Page } from "../../components/Page";
import { texts } from "../../texts";

export function GalleryPage() {
  return <Page title={texts.common.gallery}>{null}</Page>;
}
