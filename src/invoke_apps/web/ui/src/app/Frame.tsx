import { Outlet } from "@tanstack/react-router";
import { lazy, Suspense } from "react";

import { ChoosePasswordPage } from "../pages/account/ChoosePasswordPage";
import { SetupDialog } from "../pages/account/SetupDialog";
import { SignInPage } from "../pages/account/SignInPage";
import { useEventStream } from "./events";
import { useSession } from "./session";
import { Shell } from "./Shell";

const MustEnrollPage = lazy(async () => ({
  default: (await import("../pages/account/MustEnrollPage")).MustEnrollPage,
}));

/** What one sees at any address: who has to do something first does that, and is then where they wanted to be. */
export function Frame() {
  const { me, status, mustEnroll } = useSession();
  useEventStream();
  if (status.multiuser_enabled && (status.setup_required || status.recovery) && me === null) {
    return <SetupDialog />;
  }
  if (me === null) return <SignInPage />;
  if (me.must_change_password) return <ChoosePasswordPage />;
  if (mustEnroll) {
    return (
      <Suspense>
        <MustEnrollPage />
      </Suspense>
    );
  }
  return (
    <Shell>
      <Outlet />
    </Shell>
  );
}
