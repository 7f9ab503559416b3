import { Outlet } from "@tanstack/react-router";
import { lazy, Suspense } from "react";

import { SignInPage } from "../pages/account/SignInPage";
import { useEventStream } from "./events";
import { useSession } from "./session";
import { Shell } from "./Shell";

// Seen once, if at all: nobody else waits for them.
const SetupDialog = lazy(async () => ({ default: (await import("../pages/account/SetupDialog")).SetupDialog }));
const ChoosePasswordPage = lazy(async () => ({
  default: (await import("../pages/account/ChoosePasswordPage")).ChoosePasswordPage,
}));
const MustEnrollPage = lazy(async () => ({
  default: (await import("../pages/account/MustEnrollPage")).MustEnrollPage,
}));

/** What one sees at any address: who has to do something first does that, and is then where they wanted to be. */
export function Frame() {
  const { me, status, mustEnroll } = useSession();
  useEventStream();
  if (me === null) {
    const isNew = status.multiuser_enabled && (status.setup_required || status.recovery);
    return <Suspense>{isNew ? <SetupDialog /> : <SignInPage />}</Suspense>;
  }
  if (me.must_change_password || mustEnroll) {
    return <Suspense>{me.must_change_password ? <ChoosePasswordPage /> : <MustEnrollPage />}</Suspense>;
  }
  return (
    <Shell>
      <Outlet />
    </Shell>
  );
}
