// Lints an OpenAPI document by redocly's recommended rules. Usage: lint.mjs MODULES DOCUMENT
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, path] = process.argv.slice(2);
const entry = createRequire(`${modules}/`).resolve("@redocly/openapi-core");
const { createConfig, lint } = await import(pathToFileURL(entry));

const config = await createConfig({
  extends: ["recommended-strict"],
  rules: {
    // The distribution API ends paths with a slash.
    "no-path-trailing-slash": "off",
    // A name may be called anything, and paths are told apart from their right-hand end.
    "no-ambiguous-paths": "off",
    // Shale has none.
    "info-license": "off",
    // Schemas are open, so that old clients go on with new members; document_test.py closes them for our examples.
    "no-invalid-media-type-examples": { severity: "error", allowAdditionalProperties: true },
    "no-invalid-schema-examples": { severity: "error", allowAdditionalProperties: true },
  },
});
const problems = await lint({ ref: path, config });
for (const { ruleId, severity, message, location } of problems) {
  console.log(`${location[0]?.pointer}: ${severity}: ${message} (${ruleId})`);
}
process.exit(problems.length > 0 ? 1 : 0);
