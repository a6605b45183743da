/** EmbeddedAsset is one web file inside the executable. */
export interface EmbeddedAsset {
  /** The path of its URL: `/index.html`, `/index-1a2b3c4d.js`. */
  readonly path: string;
  /** Where to read it: a file inside the executable. */
  readonly file: string;
  /** The gzip copy, where one is a tenth smaller. */
  readonly gzip: string | undefined;
  /** The content type, with its charset. */
  readonly type: string;
  /** A strong entity tag, quotes included. */
  readonly etag: string;
  /** True when the name carries a hash of the content, so that it may be cached for ever. */
  readonly immutable: boolean;
}

/**
 * embedded lists the web files inside the executable. Run from source there are none: the build
 * puts its own list in the place of this module.
 */
export const embedded: readonly EmbeddedAsset[] | undefined = undefined;
