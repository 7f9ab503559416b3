import {
  AppShell,
  Badge,
  Burger,
  Divider,
  Group,
  Menu,
  NavLink,
  SegmentedControl,
  Stack,
  Text,
  UnstyledButton,
  useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconActivityHeartbeat,
  IconArrowsExchange,
  IconBox,
  IconChevronDown,
  IconEye,
  IconFileText,
  IconGauge,
  IconListDetails,
  IconLogout,
  IconPhoto,
  IconSparkles,
  IconUser,
  IconUsers,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useRouterState } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";

import { queueStatus } from "../api/lists";
import { texts } from "../texts";
import { useMe, useSession } from "./session";

const PLACES = [
  { to: "/", label: texts.common.generate, Icon: IconSparkles },
  { to: "/gallery", label: texts.common.gallery, Icon: IconPhoto },
  { to: "/queue", label: texts.common.queue, Icon: IconListDetails },
  { to: "/models", label: texts.common.models, Icon: IconBox },
] as const;

const ADMIN_PLACES = [
  { to: "/admin/people", label: texts.common.people, Icon: IconUsers },
  { to: "/admin/queue", label: texts.common.overview, Icon: IconGauge },
  { to: "/admin/audit", label: texts.common.audit, Icon: IconFileText },
  { to: "/admin/health", label: texts.common.health, Icon: IconActivityHeartbeat },
  { to: "/admin/access", label: texts.common.access, Icon: IconEye },
  { to: "/admin/transfer", label: texts.common.transfer, Icon: IconArrowsExchange },
] as const;

/** How many jobs of one's own and of everybody wait or run. */
function QueueBadge() {
  const status = useQuery(queueStatus);
  const queue = status.data?.queue;
  if (!queue) return null;
  const mine = queue.user_pending + queue.user_in_progress;
  const all = queue.pending + queue.in_progress;
  return (
    <Badge
      size="sm"
      variant={mine > 0 ? "filled" : "default"}
      aria-label={texts.common.badge(mine, all)}
      data-testid="queue-badge"
      role="status"
    >
      {mine}/{all}
    </Badge>
  );
}

function ThemeChoice() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <SegmentedControl
      fullWidth
      size="xs"
      aria-label={texts.common.theme}
      value={colorScheme}
      onChange={(value) => setColorScheme(value as typeof colorScheme)}
      data={[
        { value: "light", label: texts.common.light },
        { value: "dark", label: texts.common.dark },
        { value: "auto", label: texts.common.auto },
      ]}
    />
  );
}

function UserMenu() {
  const me = useMe();
  const { signOut, status } = useSession();
  return (
    <Menu position="bottom-end" width={280}>
      <Menu.Target>
        <UnstyledButton aria-label={texts.common.userMenu(me.display_name)}>
          <Group gap={6} wrap="nowrap">
            <IconUser size={18} aria-hidden />
            <Text size="sm" maw={160} truncate visibleFrom="xs">
              {me.display_name}
            </Text>
            <IconChevronDown size={14} aria-hidden />
          </Group>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{me.email}</Menu.Label>
        {status.multiuser_enabled && (
          <Menu.Item component={Link} to="/profile" leftSection={<IconUser size={16} />}>
            {texts.common.profile}
          </Menu.Item>
        )}
        <Menu.Divider />
        <Menu.Label>{texts.common.theme}</Menu.Label>
        <div style={{ padding: "0 var(--mantine-spacing-xs) var(--mantine-spacing-xs)" }}>
          <ThemeChoice />
        </div>
        {status.multiuser_enabled && (
          <>
            <Menu.Divider />
            <Menu.Item onClick={() => void signOut()} leftSection={<IconLogout size={16} />}>
              {texts.common.signOut}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

/** The ways to all pages. By itself, so that the page's frame is not rendered again for each way that is gone. */
function Places({ onGone }: { onGone(): void }) {
  const me = useMe();
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(onGone, [path, onGone]);

  const link = ({ to, label, Icon }: (typeof PLACES | typeof ADMIN_PLACES)[number]) => (
    <NavLink
      key={to}
      component={Link}
      to={to}
      label={label}
      active={to === "/" ? path === "/" : path.startsWith(to)}
      aria-current={(to === "/" ? path === "/" : path.startsWith(to)) ? "page" : undefined}
      leftSection={<Icon size={18} aria-hidden />}
      rightSection={to === "/queue" ? <QueueBadge /> : undefined}
    />
  );
  return (
    <Stack gap={2}>
      {PLACES.map(link)}
      {me.is_admin && (
        <>
          <Divider my="xs" label={texts.common.admin} labelPosition="left" />
          {ADMIN_PLACES.map(link)}
        </>
      )}
    </Stack>
  );
}

export function Shell({ children }: { children: ReactNode }) {
  const [isOpen, { toggle, close }] = useDisclosure(false);

  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 216, breakpoint: "sm", collapsed: { mobile: !isOpen } }}
      padding="md"
    >
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={texts.common.openMenu} />
            <a className="skip" href="#content">
              {texts.common.skip}
            </a>
            <img src="favicon.svg" alt="" width={26} height={26} />
            <Text fw={700} component="span">
              {texts.common.product}
            </Text>
          </Group>
          <UserMenu />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={texts.common.navigation}>
        <Places onGone={close} />
      </AppShell.Navbar>
      <AppShell.Main id="content">{children}</AppShell.Main>
    </AppShell>
  );
}
