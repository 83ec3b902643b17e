/** The worker's entry: the engine on the browser's clock and sockets. */

import { expose } from "comlink";
import { version } from "../../package.json";
import { browserClock } from "./clock";
import { engineService } from "./engine-service";
import { RunEngine } from "./run-engine";
import { openBrowserSocket } from "./socket";

const engine = new RunEngine({
  clock: browserClock(),
  openSocket: openBrowserSocket,
  random: Math.random,
  version,
});

expose(engineService(engine));
