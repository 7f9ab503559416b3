import {
  ActionIcon,
  AppShell,
  Badge,
  Burger,
  Group,
  Menu,
  NavLink,
  Text,
  useMantineColorScheme,
  type MantineColorScheme,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconActivityHeartbeat,
  IconArrowsExchange,
  IconBoxModel2,
  IconChartBar,
  IconFileSearch,
  IconListDetails,
  IconLockAccess,
  IconPhoto,
  IconSparkles,
  IconUserCircle,
  IconUsers,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";

import { api, BACKGROUND, data } from "../api/client";
import { t } from "../texts";
import { useEventStream } from "./events";
import { type Me, signedOut } from "./session";

const PLACES = [
  { to: "/generate", name: "generate", icon: IconSparkles },
  { to: "/gallery", name: "gallery", icon: IconPhoto },
  { to: "/queue", name: "queue", icon: IconListDetails },
  { to: "/models", name: "models", icon: IconBoxModel2 },
] as const;

const ADMIN = [
  { to: "/admin/people", name: "people", icon: IconUsers },
  { to: "/admin/queue", name: "overview", icon: IconChartBar },
  { to: "/admin/audit", name: "audit", icon: IconFileSearch },
  { to: "/admin/health", name: "health", icon: IconActivityHeartbeat },
  { to: "/admin/access", name: "access", icon: IconLockAccess },
  { to: "/admin/transfer", name: "transfer", icon: IconArrowsExchange },
] as const;

export function Shell({ me, signsIn }: { me: Me; signsIn: boolean }) {
  useEventStream();
  const [open, { toggle, close }] = useDisclosure();
  return (
    <AppShell header={{ height: 56 }} navbar={{ width: 220, breakpoint: "sm", collapsed: { mobile: !open } }} padding="md">
      <AppShell.Header>
        <a href="#content" className="skip">
          {t("common", "skip")}
        </a>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group wrap="nowrap">
            <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t("common", "openMenu")} aria-expanded={open} />
            <Text fw={700}>{t("common", "product")}</Text>
          </Group>
          <Group wrap="nowrap">
            <Waiting />
            <Account me={me} signsIn={signsIn} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={t("common", "navigation")}>
        {PLACES.map((place) => (
          <Place key={place.to} {...place} close={close} />
        ))}
        {me.is_admin && (
          <>
            <Text size="xs" c="dimmed" px="sm" pt="md" pb={4} id="admin-places">
              {t("common", "admin")}
            </Text>
            <div role="group" aria-labelledby="admin-places">
              {ADMIN.map((place) => (
                <Place key={place.to} {...place} close={close} />
              ))}
            </div>
          </>
        )}
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}

type Where = ((typeof PLACES)[number] | (typeof ADMIN)[number]) & { close: () => void };

function Place({ to, name, icon: Icon, close }: Where) {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const isHere = path === to || path.startsWith(`${to}/`);
  return (
    <NavLink
      component={Link}
      to={to}
      label={t("common", name)}
      leftSection={<Icon size={18} aria-hidden />}
      active={isHere}
      aria-current={isHere ? "page" : undefined}
      onClick={close}
    />
  );
}

/** How many jobs wait or run: one's own, and all. */
function Waiting() {
  const { data: status } = useQuery({
    queryKey: ["queue-status"],
    queryFn: () => data(api.GET("/api/v1/queue/{queue_id}/status", { params: { path: { queue_id: "default" } }, ...BACKGROUND })),
  });
  if (!status) return null;
  const mine = status.queue.user_pending + status.queue.user_in_progress;
  const all = status.queue.pending + status.queue.in_progress;
  return (
    <Badge component={Link} to="/queue" variant="default" size="lg" aria-label={t("common", "badge", mine, all)}>
      {t("queue", "badgeShort", mine, all)}
    </Badge>
  );
}

function Account({ me, signsIn }: { me: Me; signsIn: boolean }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const leave = async () => {
    const left = await data(api.POST("/api/v1/auth/logout"));
    signedOut("");
    if (left?.provider_logout_url) window.location.assign(left.provider_logout_url);
  };
  return (
    <Menu position="bottom-end" width={240} closeOnItemClick={false}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("common", "userMenu", me.display_name)}>
          <IconUserCircle aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{me.display_name}</Menu.Label>
        {signsIn && (
          <Menu.Item component={Link} to="/profile" closeMenuOnClick>
            {t("common", "profile")}
          </Menu.Item>
        )}
        {(["auto", "light", "dark"] as MantineColorScheme[]).map((scheme) => (
          <Menu.Item
            key={scheme}
            role="menuitemradio"
            aria-checked={colorScheme === scheme}
            rightSection={colorScheme === scheme ? "✓" : null}
            onClick={() => setColorScheme(scheme)}
          >
            {t("common", scheme)}
          </Menu.Item>
        ))}
        {signsIn && (
          <>
            <Menu.Divider />
            <Menu.Item onClick={() => void leave()}>{t("common", "signOut")}</Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
