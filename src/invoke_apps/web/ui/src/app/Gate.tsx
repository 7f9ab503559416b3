import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useSyncExternalStore } from "react";

import { Busy } from "../components/Busy";
import { Refused } from "../components/Page";
import { needsFactor, onNeedsFactor } from "./factor";
import { Shell } from "./Shell";
import { meQuery, statusQuery } from "./session";

const Setup = lazy(() => import("../pages/account/Setup"));
const SignIn = lazy(() => import("../pages/account/SignIn"));
const ForcedPassword = lazy(() => import("../pages/account/ForcedPassword"));
const Enrolment = lazy(() => import("../pages/account/Enrolment"));

/** Decides what a visitor must do first; whatever that is, the address stays, and so one comes back to it. */
export function Gate() {
  const status = useQuery(statusQuery);
  const isSetUp = status.data && !status.data.setup_required && !status.data.recovery;
  const me = useQuery({ ...meQuery, enabled: Boolean(isSetUp) });
  const factor = useSyncExternalStore(onNeedsFactor, needsFactor);
  if (!status.data) {
    return status.error ? <Refused error={status.error} again={() => void status.refetch()} /> : <Busy />;
  }
  return (
    <Suspense fallback={<Busy />}>
      {!isSetUp ? (
        <Setup status={status.data} />
      ) : me.data === undefined ? (
        me.error ? <Refused error={me.error} again={() => void me.refetch()} /> : <Busy />
      ) : me.data === null ? (
        <SignIn status={status.data} />
      ) : me.data.must_change_password ? (
        <ForcedPassword />
      ) : factor ? (
        <Enrolment />
      ) : (
        <Shell me={me.data} signsIn={status.data.multiuser_enabled} />
      )}
    </Suspense>
  );
}
