import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";

import { BASE } from "../api/client";
import { Busy } from "../components/Busy";
import { Gate } from "./Gate";
import { Lost, Trouble } from "./Trouble";

const root = createRootRoute({ component: Gate, notFoundComponent: Lost });

const page = <P extends string>(path: P, load: () => Promise<{ default: React.ComponentType }>) =>
  createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load) });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/generate", replace: true });
  },
});

const tree = root.addChildren([
  home,
  page("/generate", () => import("../pages/generate/GeneratePage")),
  page("/gallery", () => import("../pages/gallery/GalleryPage")),
  page("/gallery/$boardId", () => import("../pages/gallery/GalleryPage")),
  page("/queue", () => import("../pages/queue/QueuePage")),
  page("/models", () => import("../pages/models/ModelsPage")),
  page("/profile", () => import("../pages/account/ProfilePage")),
  page("/admin/people", () => import("../pages/admin/PeoplePage")),
  page("/admin/queue", () => import("../pages/admin/OverviewPage")),
  page("/admin/audit", () => import("../pages/admin/AuditPage")),
  page("/admin/health", () => import("../pages/admin/HealthPage")),
  page("/admin/access", () => import("../pages/admin/AccessPage")),
  page("/admin/transfer", () => import("../pages/admin/TransferPage")),
]);

export const router = createRouter({
  routeTree: tree,
  basepath: BASE,
  defaultPreload: "intent",
  defaultPendingComponent: Busy,
  defaultErrorComponent: Trouble,
  defaultNotFoundComponent: Lost,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
