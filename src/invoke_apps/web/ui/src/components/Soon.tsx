import { type ReactNode, startTransition, useEffect, useState } from "react";

/**
 * What takes long to render, shown after what stands around it: who goes to a page sees at once that it came,
 * and the browser is free between the parts of the rest.
 */
export function Soon({ children }: { children: ReactNode }) {
  const [isHere, setIsHere] = useState(false);
  useEffect(() => startTransition(() => setIsHere(true)), []);
  return isHere ? children : null;
}
