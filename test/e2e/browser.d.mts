/** What the tests use of Playwright's browser. https://playwright.dev/docs/api/class-browser */
export interface Browser {
  newPage(options: {
    readonly viewport: { readonly width: number; readonly height: number };
    readonly colorScheme?: "light" | "dark";
    readonly javaScriptEnabled?: boolean;
    readonly bypassCSP?: boolean;
  }): Promise<BrowserPage>;
  close(): Promise<void>;
}

export interface BrowserPage {
  on(event: "request", listener: (request: { url(): string }) => void): void;
  on(event: "console", listener: (message: { text(): string }) => void): void;
  on(event: "dialog" | "pageerror", listener: (what: unknown) => void): void;
  goto(url: string): Promise<unknown>;
  evaluate<T>(expression: string): Promise<T>;
  addScriptTag(script: { readonly content: string }): Promise<unknown>;
  fill(selector: string, text: string): Promise<void>;
  click(selector: string): Promise<void>;
  keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
  screenshot(options: {
    readonly path: string;
    readonly clip: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  }): Promise<unknown>;
  close(): Promise<void>;
}

export function openBrowser(): Promise<{ readonly browser: Browser | null; readonly why: string }>;
export function axeSource(): Promise<string>;
