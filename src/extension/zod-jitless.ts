import * as z from "zod";

/**
 * Must be loaded before any schema is made. Zod otherwise tries whether code can be made at run time, for which it looks
 * at `navigator`: the extension host logs that as an error.
 */
z.config({ jitless: true });
