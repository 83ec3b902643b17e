import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { GatewayError } from "./gateway-api";
import { useReading } from "./use-reading";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

function Shown({ name, question }: { name: string; question: () => Promise<string> }) {
  const { value, failure } = useReading(name, question);
  return <p role="status">{`${value} ${failure?.message ?? "fine"}`}</p>;
}

const shown = () => screen.getByRole("status").textContent;
const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

it("asks again and again, keeps what was read through failures, and asks less often while it fails", async () => {
  let answer: string | null = "one";
  const question = vi.fn(async () => {
    if (answer === null) throw new GatewayError("no answer", null, "unreachable");
    return answer;
  });
  render(<Shown name="a" question={question} />);
  await pass(0);
  expect(shown()).toBe("one fine");
  answer = null;
  await pass(3000);
  expect(shown()).toBe("one no answer");
  await pass(5000);
  expect(question).toHaveBeenCalledTimes(2);
  answer = "two";
  await pass(1000);
  expect(shown()).toBe("two fine");
});

it("starts anew with another key, and drops the answer to the older one", async () => {
  const answers: ((text: string) => void)[] = [];
  const question = () => new Promise<string>((resolve) => answers.push(resolve));
  const { rerender } = render(<Shown name="a" question={question} />);
  await act(async () => answers[0]?.("first"));
  expect(shown()).toBe("first fine");
  rerender(<Shown name="b" question={question} />);
  expect(shown()).toBe("null fine");
  await act(async () => answers[1]?.("second"));
  await act(async () => answers[0]?.("late"));
  expect(shown()).toBe("second fine");
});
