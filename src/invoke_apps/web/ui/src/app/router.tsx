import { Anchor, Center, Loader, Stack, Text } from "@mantine/core";
import {
  createRootRoute,
  createRoute,
  createRouter,
  Link,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";

import { BASE } from "../api/client";
import { texts } from "../texts";
import { Frame } from "./Frame";

const root = createRootRoute({ component: Frame });

const generate = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: (search): { image?: string } =>
    typeof search["image"] === "string" ? { image: search["image"] } : {},
  component: lazyRouteComponent(() => import("../pages/generate/GeneratePage"), "GeneratePage"),
});
const gallery = createRoute({
  getParentRoute: () => root,
  path: "/gallery",
  validateSearch: (search): { board?: string; q?: string; view?: string } => ({
    ...(typeof search["board"] === "string" && { board: search["board"] }),
    ...(typeof search["q"] === "string" && { q: search["q"] }),
    ...(typeof search["view"] === "string" && { view: search["view"] }),
  }),
  component: lazyRouteComponent(() => import("../pages/gallery/GalleryPage"), "GalleryPage"),
});
const queue = createRoute({
  getParentRoute: () => root,
  path: "/queue",
  component: lazyRouteComponent(() => import("../pages/queue/QueuePage"), "QueuePage"),
});
const models = createRoute({
  getParentRoute: () => root,
  path: "/models",
  component: lazyRouteComponent(() => import("../pages/models/ModelsPage"), "ModelsPage"),
});
const profile = createRoute({
  getParentRoute: () => root,
  path: "/profile",
  component: lazyRouteComponent(() => import("../pages/account/ProfilePage"), "ProfilePage"),
});
const admin = createRoute({
  getParentRoute: () => root,
  path: "/admin",
  beforeLoad: ({ location }) => {
    if (location.pathname.replace(/\/$/, "").endsWith("/admin")) throw redirect({ to: "/admin/people" });
  },
});
const people = createRoute({
  getParentRoute: () => admin,
  path: "/people",
  component: lazyRouteComponent(() => import("../pages/admin/PeoplePage"), "PeoplePage"),
});
const overview = createRoute({
  getParentRoute: () => admin,
  path: "/queue",
  component: lazyRouteComponent(() => import("../pages/admin/OverviewPage"), "OverviewPage"),
});
const audit = createRoute({
  getParentRoute: () => admin,
  path: "/audit",
  component: lazyRouteComponent(() => import("../pages/admin/AuditPage"), "AuditPage"),
});
const health = createRoute({
  getParentRoute: () => admin,
  path: "/health",
  component: lazyRouteComponent(() => import("../pages/admin/HealthPage"), "HealthPage"),
});
const access = createRoute({
  getParentRoute: () => admin,
  path: "/access",
  component: lazyRouteComponent(() => import("../pages/admin/AccessPage"), "AccessPage"),
});
const transfer = createRoute({
  getParentRoute: () => admin,
  path: "/transfer",
  component: lazyRouteComponent(() => import("../pages/admin/TransferPage"), "TransferPage"),
});

function NotFound() {
  return (
    <Center mih={240}>
      <Stack align="center">
        <Text>{texts.common.notFound}</Text>
        <Anchor component={Link} to="/">
          {texts.common.home}
        </Anchor>
      </Stack>
    </Center>
  );
}

function Pending() {
  return (
    <Center mih={240}>
      <Loader aria-label={texts.common.loading} />
    </Center>
  );
}

export const router = createRouter({
  routeTree: root.addChildren([
    generate,
    gallery,
    queue,
    models,
    profile,
    admin.addChildren([people, overview, audit, health, access, transfer]),
  ]),
  basepath: BASE,
  defaultPreload: "intent",
  defaultNotFoundComponent: NotFound,
  defaultPendingComponent: Pending,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
