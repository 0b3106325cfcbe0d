import { vi } from "vitest";

/** Processes on a machine that may be busy: no end-to-end test fails for its time, with or without our configuration. */
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });
