// Mocha loads reporters by require(); this one prints as `spec` does and leaves counts and failures for tests/run.ts.
const { appendFileSync } = require("node:fs");
const { inspect } = require("node:util");
const { reporters, Runner } = require("mocha");

module.exports = class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = process.env.CARREL_TEST_COUNTS;
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      const failed = this.failures.map((test) => `${test.fullTitle()}\n${inspect(test.err)}`);
      if (file) appendFileSync(file, `${JSON.stringify({ passes, failures, pending, failed })}\n`);
    });
  }
};
