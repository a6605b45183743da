/**
 * httpd: listeners, and what every HTTP application needs around its routes.
 *
 * Promise: every answer has the security headers; whatever a client sends, memory and work stay
 * bounded; a client's mistake is a 4xx with a plain text and never an exception. It knows
 * nothing of teller.
 */
export { type HostPort, isLoopback, parseHostPort } from "./address.ts";
export { fail, json, notAllowed, notFound, page } from "./answer.ts";
export { type ApplicationOptions, application } from "./application.ts";
export { type Asset, type Assets, loadAssets, serveAssets, shellOf } from "./assets.ts";
export { bearer } from "./bearer.ts";
export { type BodyRefusal, bodyText, isForm, isJson, maxRequestBytes } from "./body.ts";
export { bundleWeb, type WebFile } from "./bundle.ts";
export type { EmbeddedAsset } from "./embedded.ts";
export { contentSecurityPolicy } from "./headers.ts";
export { type Application, type Listener, listen, type ListenOptions } from "./listen.ts";
export { cors, loopbackOnly, notCrossSite, sameOrigin } from "./origin.ts";
export { staticFiles } from "./static.ts";
export { throttle, throttledText, type ThrottleOptions } from "./throttle.ts";
export type { HttpEnv, Remote } from "./types.ts";
