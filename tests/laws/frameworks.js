// What the maintained list of frameworks knows, as plain data: how each is recognised, built, and where it writes.
const { frameworks } = require(process.argv[2]);
const told = frameworks.filter((one) => one.slug).map((one) => ({
  slug: one.slug,
  name: one.name.replace(/ \(.*\)$/, ""),
  every: one.detectors?.every ?? [],
  some: one.detectors?.some ?? [],
  supersedes: one.supersedes ?? [],
  build: one.settings.buildCommand.value ?? "",
  output: one.settings.outputDirectory.value ?? "",
}));
console.log(JSON.stringify(told, null, 1));
