import { Combobox, createTheme, Drawer, Loader, type MantineColorsTuple, Menu, Modal, Notification } from "@mantine/core";

import { texts } from "../texts";

export const theme = createTheme({
  primaryColor: "indigo",
  primaryShade: 7, // one for both: what stands on it is chosen once, to reach 4.5 : 1
  colors: {
    // Mantine's, but darker from the sixth on: what is refused must be readable too.
    red: [
      ...["#fff5f5", "#ffe3e3", "#ffc9c9", "#ffa8a8", "#ff8787", "#ff6b6b"],
      ...["#c92a2a", "#c92a2a", "#b02525", "#962020"],
    ] as unknown as MantineColorsTuple,
  },
  autoContrast: true,
  luminanceThreshold: 0.18,
  defaultRadius: "md",
  cursorType: "pointer",
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
  headings: { fontFamily: "inherit", fontWeight: "650" },
  components: {
    // A list is made and placed when it is unfolded, not hidden beside each field while a page is shown.
    Combobox: Combobox.extend({ defaultProps: { keepMounted: false } }),
    Loader: Loader.extend({ defaultProps: { role: "status" } }), // what has no role may have no name
    // The hidden stop that it has otherwise is no child that a menu may have.
    Menu: Menu.extend({ defaultProps: { withInitialFocusPlaceholder: false } }),
    Notification: Notification.extend({
      defaultProps: { closeButtonProps: { "aria-label": texts.common.close } },
    }),
    // A dialog's head is no banner of the page.
    ModalHeader: Modal.Header.extend({ defaultProps: { role: "presentation" } }),
    DrawerHeader: Drawer.Header.extend({ defaultProps: { role: "presentation" } }),
    ModalCloseButton: Modal.CloseButton.extend({ defaultProps: { "aria-label": texts.common.close } }),
    DrawerCloseButton: Drawer.CloseButton.extend({ defaultProps: { "aria-label": texts.common.close } }),
  },
});
