import { expect, it } from "vitest";
import { questionText, resumeCode } from "./question";

it("shows the question first, and all else that the program gave", () => {
  expect(questionText('"Is it good?"')).toBe("Is it good?");
  expect(questionText('{"question":"Is it good?"}')).toBe("Is it good?");
  expect(questionText('{"draft":1,"question":"Is it good?"}')).toBe('Is it good?\n\n{\n  "draft": 1\n}');
  expect(questionText('{"draft":12345678901234567890}')).toContain("12345678901234567890");
  expect(questionText("[1]")).toBe("[\n  1\n]");
  expect(questionText("cut off…")).toBe("cut off…");
});

it("says how the thread is resumed", () => {
  expect(resumeCode("t-1", null)).toContain('{"thread_id": "t-1"}');
  expect(resumeCode("t-1", null)).toContain('Command(resume="your answer")');
  expect(resumeCode("t-1", "i1")).toContain('Command(resume={"i1": "your answer"})');
});
