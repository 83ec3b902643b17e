import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { beforeEach, describe, expect, it } from "vitest";
import { GatewayError } from "../../stores/gateway-api";
import { createFakeOperations, type FakeOperations, letterOf } from "../../testing/fake-operations";
import { createFakeServices } from "../../testing/fake-services";
import { renderPage } from "../../testing/render-page";
import { DeadLettersPage } from "./dead-letters-page";
import { hindrance, reasonWords } from "./letter-words";

beforeEach(() => history.replaceState(null, "", "/dead-letters"));

async function show(changes: Partial<FakeOperations>, search = "") {
  history.replaceState(null, "", `/dead-letters${search}`);
  const operations = Object.assign(createFakeOperations(), changes);
  const services = createFakeServices({ operations });
  await act(async () => void renderPage(<DeadLettersPage />, services));
  return operations;
}

const LETTERS = [letterOf(), letterOf({ offset: "7", reason: "null", size: 0, payloadState: "off" })];
const rows = () => screen.getAllByTestId("letter-row").map((row) => row.dataset.letterId);
const press = async (name: string | RegExp) =>
  act(async () => void fireEvent.click(screen.getByRole("button", { name })));

describe("dead letters", () => {
  it("says so when there are none", async () => {
    await show({});
    expect(screen.getByText("No dead letters")).toBeTruthy();
  });

  it("are listed, newest first, and filtered by their reason in the address", async () => {
    await show({ letters: LETTERS });
    expect(rows()).toEqual(["epoch-1.0.1041", "epoch-1.0.7"]);
    await act(
      async () => void fireEvent.change(screen.getByLabelText("Reason"), { target: { value: "null" } }),
    );
    await waitFor(() => expect(rows()).toEqual(["epoch-1.0.7"]));
    expect(location.search).toBe("?reason=null");
    await act(
      async () => void fireEvent.change(screen.getByLabelText("Reason"), { target: { value: "frame" } }),
    );
    fireEvent.click(await screen.findByText("Show all reasons"));
    await waitFor(() => expect(rows()).toHaveLength(2));
  });

  it("open from a link, also one that the list does not hold", async () => {
    await show({ letters: LETTERS }, "?reason=null&letter=epoch-1.0.1041");
    const detail = screen.getByTestId("letter-detail");
    expect(within(detail).getByRole("heading", { name: "Not decodable" })).toBeTruthy();
    expect(detail.textContent).toContain("9f86d081");
  });

  it("say so when a link leads to none", async () => {
    await show({ letters: LETTERS }, "?letter=epoch-1.0.9");
    expect(screen.getByText("This letter could not be read")).toBeTruthy();
  });

  it("are sent again only after a confirmation, which tells the outcome", async () => {
    const operations = await show({ letters: LETTERS }, "?letter=epoch-1.0.1041");
    await press("Send again…");
    expect(operations.sentAgain).toEqual([]);
    await press("Send again");
    expect(operations.sentAgain).toEqual(["epoch-1.0.1041"]);
    expect(screen.getByTestId("redrive-sent").textContent).toContain("offset 2000 of partition 0");
    expect(screen.getByTestId("letter-detail").textContent).toContain("Sent again 1 time");
    fireEvent.click(screen.getByText("Close"));
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("tell why one was refused", async () => {
    const refusal = async () => {
      throw new GatewayError("its digest differs", 409, "conflict");
    };
    await show({ letters: LETTERS, redrive: refusal }, "?letter=epoch-1.0.1041");
    await press("Send again…");
    await press("Send again");
    expect(screen.getByTestId("redrive-refused").textContent).toContain("its digest differs");
  });

  it("cannot be sent again without their bytes, and say what would keep them", async () => {
    await show({ letters: LETTERS }, "?letter=epoch-1.0.7");
    expect(screen.getByTestId("redrive").hasAttribute("disabled")).toBe(true);
    expect(screen.getByTestId("letter-detail").textContent).toContain("the record has no payload");
    expect(hindrance(letterOf({ payloadState: "off" }))).toContain("DASHSTREAM_DEAD_LETTERS_PAYLOAD");
    expect(hindrance(letterOf({ payloadState: "truncated" }))).toContain("MAX_PAYLOAD_BYTES");
    expect(hindrance(letterOf({ payloadState: "redacted" }))).toContain("credential");
    expect(hindrance(letterOf())).toBeNull();
  });

  it("load more when there are more", async () => {
    const letters = Array.from({ length: 450 }, (_, index) => letterOf({ offset: String(index) }));
    await show({ letters });
    expect(screen.getByRole("status").textContent).toContain("200 letters of 450");
    await press("Load more");
    await press("Load more");
    expect(screen.getByRole("status").textContent).toBe("450 letters");
  });

  it("say cause and remedy while the gateway does not answer, and ask for a token where one is needed", async () => {
    await show({ failure: new GatewayError("no answer", null, "unreachable") });
    expect(screen.getByRole("alert").textContent).toContain("dashstream serve");
    const operations = await show({ failure: new GatewayError("a token is needed", 401, "unauthenticated") });
    expect(screen.getByText("This gateway asks for a token")).toBeTruthy();
    operations.failure = null;
    const field = screen.getByLabelText("The link or its token");
    await act(async () => void fireEvent.change(field, { target: { value: "secret" } }));
    await press("Use it");
    expect(screen.getByText("No dead letters")).toBeTruthy();
  });

  it("show a reason that this page does not know as it is", () => {
    expect(reasonWords("cosmic_ray").label).toBe("cosmic_ray");
  });
});
