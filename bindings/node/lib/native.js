"use strict";

const platforms = require("./platforms.json");

/**
 * The library for this machine: from the folder that it is built in, or from the package that was installed for this
 * platform. With which C library that one is linked is npm's to know, which installs what fits.
 */
function load() {
  const fits = ({ os, cpu }) => os === process.platform && cpu === process.arch;
  const names = Object.keys(platforms).filter((name) => fits(platforms[name]));
  const tried = [];
  for (const name of names) {
    for (const place of [`../tenure.${name}.node`, `tenure-${name}`]) {
      try {
        return require(place);
      } catch (error) {
        tried.push(error);
      }
    }
  }
  const help = names.length > 0 ? `install \`${names.map((name) => `tenure-${name}`).join("` or `")}\`` : "build it from its sources";
  const words = `tenure has no library for ${process.platform}-${process.arch} here; ${help}`;
  throw new AggregateError(tried, words);
}

module.exports = load();
