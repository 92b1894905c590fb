// Reads a cloud assembly, the folder that the CDK synthesises into.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

// pipeline is the id of the stack that all environments share.
export const pipeline = 'Pipeline';

// stacks are those of an assembly by their ids, each with its name in the account, where it goes
// and its template.
export function stacks(folder) {
  const manifest = join(folder, 'manifest.json');
  if (!existsSync(manifest)) throw new Error(`there is no assembly in ${folder}: run \`make synth\``);
  const found = {};
  for (const [id, artifact] of Object.entries(JSON.parse(readFileSync(manifest, 'utf8')).artifacts)) {
    if (artifact.type !== 'aws:cloudformation:stack') continue;
    const [account, region] = artifact.environment.replace('aws://', '').split('/').map((part) => (part.startsWith('unknown-') ? undefined : part));
    found[id] = {
      id, account, region, name: artifact.properties.stackName ?? id,
      template: JSON.parse(readFileSync(join(folder, artifact.properties.templateFile), 'utf8')),
    };
  }
  return found;
}

// resources are those of a type in a stack, by their ids.
export function resources(stack, type) {
  return Object.fromEntries(Object.entries(stack.template.Resources).filter(([, resource]) => resource.Type === type));
}
