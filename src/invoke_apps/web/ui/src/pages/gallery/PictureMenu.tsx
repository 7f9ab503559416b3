import { Menu } from "@mantine/core";
import {
  IconDownload,
  IconFolderShare,
  IconMaximize,
  IconReload,
  IconStar,
  IconStarOff,
  IconTrash,
} from "@tabler/icons-react";

import { gallery as galleryTexts } from "../../texts/gallery";
import type { Place } from "./PictureGrid";

const words = galleryTexts;

interface Props {
  /** null: it is closed. */
  at: Place | null;
  count: number;
  isStarred: boolean;
  onClose(): void;
  onOpen(): void;
  onRecall(): void;
  onMove(): void;
  onStar(starred: boolean): void;
  onDownload(): void;
  onDelete(): void;
}

/** What can be done with a picture, or with all that are selected with it. */
export function PictureMenu(props: Props) {
  const { at, count, isStarred } = props;
  return (
    <Menu
      opened={at !== null}
      onChange={(isOpen) => !isOpen && props.onClose()}
      position="bottom-start"
      offset={0}
      width={220}
      transitionProps={{ duration: 0 }}
    >
      <Menu.Target>
        <button
          type="button"
          tabIndex={-1}
          aria-label={words.menu}
          hidden={at === null}
          style={{ position: "fixed", left: at?.x ?? 0, top: at?.y ?? 0, width: 1, height: 1, padding: 0, border: 0, opacity: 0 }}
        />
      </Menu.Target>
      <Menu.Dropdown aria-label={words.menu}>
        {count > 1 && <Menu.Label>{words.selected(count)}</Menu.Label>}
        {count === 1 && (
          <>
            <Menu.Item leftSection={<IconMaximize size={16} />} onClick={props.onOpen}>
              {words.open}
            </Menu.Item>
            <Menu.Item leftSection={<IconReload size={16} />} onClick={props.onRecall}>
              {words.recall}
            </Menu.Item>
          </>
        )}
        <Menu.Item
          leftSection={isStarred ? <IconStarOff size={16} /> : <IconStar size={16} />}
          onClick={() => props.onStar(!isStarred)}
        >
          {isStarred ? words.unstar : words.star}
        </Menu.Item>
        <Menu.Item leftSection={<IconFolderShare size={16} />} onClick={props.onMove}>
          {words.move}
        </Menu.Item>
        <Menu.Item leftSection={<IconDownload size={16} />} onClick={props.onDownload}>
          {count === 1 ? words.download : words.downloadZip}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={props.onDelete}>
          {words.remove}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
