import * as z from "zod";

/**
 * Must be loaded before any schema is made. Zod otherwise tries whether code can be made at run time, which the page's
 * policy forbids and reports.
 */
z.config({ jitless: true });
