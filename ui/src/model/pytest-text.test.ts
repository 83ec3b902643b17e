import { expect, it } from "vitest";
import { pytestText, pythonLiteral } from "./pytest-text";

it("writes JSON as Python, and leaves words within texts alone", () => {
  expect(pythonLiteral('{"a": [true, false, null], "null": "it is true \\" null"}')).toBe(
    '{"a": [True, False, None], "null": "it is true \\" null"}',
  );
  expect(pythonLiteral("12345678901234567890")).toBe("12345678901234567890");
});

it("writes a test that expects the value", () => {
  const test = {
    graph: "pricer",
    runId: "run-1",
    step: 2,
    path: ["prices", "a b", 0],
    json: '[\n  "12,50"\n]',
  };
  expect(pytestText(test)).toBe(
    [
      "def test_state_prices_a_b_0_after_step_2(state):",
      "    # As recorded in run run-1 of pricer.",
      '    assert state["prices"]["a b"][0] == [',
      '      "12,50"',
      "    ]",
      "",
    ].join("\n"),
  );
  expect(pytestText({ ...test, graph: "", path: [], json: "{}" })).toContain("assert state == {}");
});
