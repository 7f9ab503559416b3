import { useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";

import { api, data, onRefused, type Schemas } from "../api/client";
import { texts } from "../texts";
import { queries } from "./queries";

export type Me = Schemas["UserView"];
export type Status = Schemas["auth_StatusView"];

export interface Session {
  /** Who is signed in; null: nobody. */
  me: Me | null;
  /** How people sign in here. */
  status: Status;
  /** Why one was signed out, for the sign-in page to say. */
  reason: string | null;
  /** Whether the server refuses everything until a second factor is set up. */
  mustEnroll: boolean;
  signedIn(): Promise<void>;
  signOut(): Promise<void>;
  /** The credential counts no longer: the stream, another tab or a refusal said so. */
  ended(reason: string | null): void;
}

const Context = createContext<Session | null>(null);
const tabs = new BroadcastChannel("invoke-session");

export function useSession(): Session {
  const session = useContext(Context);
  if (session === null) throw new Error("There is no session here.");
  return session;
}

/** Return who is signed in, in pages that are shown to nobody else. */
export function useMe(): Me {
  const { me } = useSession();
  if (me === null) throw new Error("Nobody is signed in.");
  return me;
}

async function whoAmI(): Promise<Me | null> {
  // Not through `api`: a 401 here is an answer, and no news.
  const answer = await fetch("api/v1/auth/me");
  if (answer.status === 401) return null;
  if (!answer.ok) throw new Error(texts.common.offline);
  return answer.json();
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const [reason, setReason] = useState<string | null>(null);
  const [mustEnroll, setMustEnroll] = useState(false);
  const status = useQuery({
    queryKey: ["status"],
    queryFn: () => data(api.GET("/api/v1/auth/status")),
  });
  const me = useQuery({ queryKey: ["me"], queryFn: whoAmI, retry: 30 });

  const session = useMemo<Session | null>(() => {
    if (status.data === undefined || me.data === undefined) return null;
    const ended = (why: string | null) => {
      if (queries.getQueryData(["me"]) === null) return;
      setReason(why);
      setMustEnroll(false);
      queries.setQueryData(["me"], null);
      // Nothing of one person stays for the next who signs in here.
      queries.removeQueries({ predicate: (query) => !["me", "status"].includes(`${query.queryKey[0]}`) });
    };
    return {
      me: me.data,
      status: status.data,
      reason,
      mustEnroll,
      ended,
      async signedIn() {
        setReason(null);
        setMustEnroll(false);
        await Promise.all([queries.refetchQueries({ queryKey: ["status"] }), queries.refetchQueries({ queryKey: ["me"] })]);
        tabs.postMessage("in");
      },
      async signOut() {
        await api.POST("/api/v1/auth/logout");
        ended(null);
        tabs.postMessage("out");
      },
    };
  }, [status.data, me.data, reason, mustEnroll]);

  useEffect(() => {
    if (session === null) return undefined;
    const heard = (event: MessageEvent) => {
      if (event.data === "out") session.ended(null);
      else void queries.refetchQueries({ queryKey: ["me"] });
    };
    tabs.addEventListener("message", heard);
    const forget = onRefused((problem) => {
      if (problem.status === 403) setMustEnroll(true);
      else session.ended(texts.account.ended);
    });
    return () => {
      tabs.removeEventListener("message", heard);
      forget();
    };
  }, [session]);

  if (session === null) {
    return status.isError || me.isError ? <p role="alert">{texts.common.offline}</p> : null;
  }
  return <Context value={session}>{children}</Context>;
}
