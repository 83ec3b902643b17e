import { Toast as Primitive } from "radix-ui";
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import { Icon, type IconName } from "./icon";
import "./toast.css";

interface Notice {
  id: number;
  icon: IconName;
  text: string;
}

type Notify = (text: string, icon?: IconName) => void;

const DURATION_MS = 4000;
const AT_MOST = 3;

const NotifyContext = createContext<Notify>(() => undefined);

export const useNotify = (): Notify => useContext(NotifyContext);

export function ToastProvider({ children }: { children: ReactNode }) {
  const [notices, setNotices] = useState<Notice[]>([]);
  const notify = useCallback<Notify>((text, icon = "info") => {
    setNotices((before) => [...before.slice(1 - AT_MOST), { id: (before.at(-1)?.id ?? 0) + 1, icon, text }]);
  }, []);
  const list = useMemo(
    () =>
      notices.map((notice) => (
        <Primitive.Root
          key={notice.id}
          className="toast"
          duration={DURATION_MS}
          onOpenChange={(open) =>
            !open && setNotices((before) => before.filter(({ id }) => id !== notice.id))
          }
        >
          <Icon name={notice.icon} />
          <Primitive.Description>{notice.text}</Primitive.Description>
        </Primitive.Root>
      )),
    [notices],
  );
  return (
    <NotifyContext value={notify}>
      <Primitive.Provider swipeDirection="right">
        {children}
        {list}
        <Primitive.Viewport className="toast__viewport" />
      </Primitive.Provider>
    </NotifyContext>
  );
}
