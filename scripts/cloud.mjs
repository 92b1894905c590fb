#!/usr/bin/env node
// Deploys the stacks of the assembly in cdk.out, compares them with what is deployed, and destroys
// them. `make deploy`, `make diff` and `make destroy` synthesise it and call this:
//
//   node scripts/cloud.mjs deploy|diff|destroy ENVIRONMENT
//
// Exit codes: 0 as wanted, 1 failed, 2 wrong usage, 3 refused. make shows them as "Error 3".

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { pipeline, stacks } from './assembly.mjs';
import { destroy, refuse } from './destroy.mjs';

export const exit = { done: 0, failed: 1, usage: 2, refused: 3 };

// cloud does what the arguments say and returns the exit code. run starts a program, say writes a
// line.
export function cloud([verb, environment], { run, say, folder = 'cdk.out', data }) {
  const known = stacks(folder);
  const environments = Object.keys(known).filter((id) => id !== pipeline);
  if (!['deploy', 'diff', 'destroy'].includes(verb) || !environment) {
    say(`say which environment: make ${verb ?? 'deploy'} ENV=${environments[0] ?? 'NAME'}; there are ${environments.join(', ')}`);
    return exit.usage;
  }
  const stack = known[environment];
  if (!stack) {
    say(`there is no environment ${JSON.stringify(environment)} in the configuration; there are ${environments.join(', ')}`);
    return exit.usage;
  }
  if (verb === 'destroy') {
    if (data !== 'delete') {
      refuse(stack, say);
      return exit.refused;
    }
    return destroy(stack, { run, say, folder }) ? exit.done : exit.failed;
  }
  // An environment's stack takes from the pipeline's.
  const chosen = environment === pipeline ? [stack] : [known[pipeline], stack];
  say(`==> ${verb === 'deploy' ? 'deploying' : 'comparing'} ${chosen.map(({ name }) => name).join(' and ')} (${where(stack)})`);
  if (run('npx', ['--no-install', 'cdk', verb, '--app', folder, ...chosen.map(({ id }) => id)]).status === 0) return exit.done;
  say('what to look at: docs/deploy-to-aws.md, "When it does not work"');
  return exit.failed;
}

function where({ account, region }) {
  return `${account ? `account ${account}` : 'the account of your credentials'}, ${region ? `region ${region}` : 'your default region'}`;
}

// run starts a program. With capture its output is returned, else people see it.
function run(program, args, { capture = false } = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8', maxBuffer: 1 << 28, stdio: capture ? 'pipe' : 'inherit',
    // Node 20 works, and is what the repository promises to work with.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', ...process.env },
  });
  return { status: error ? 1 : status, stdout: stdout ?? '', stderr: error ? `${program}: ${error.message}` : stderr ?? '' };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = cloud(process.argv.slice(2), { run, say: (line) => console.error(line), data: process.env.DATA });
  } catch (error) {
    console.error(error.message);
    process.exitCode = exit.failed;
  }
}
