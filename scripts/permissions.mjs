#!/usr/bin/env node
// Makes the policies in docs/policies, by which CloudFormation may make what the templates ask for:
//
//   node scripts/permissions.mjs [FOLDER] [--write]
//
// FOLDER is a cloud assembly, cdk.out unless given. What each type of resource needs is in
// scripts/permissions.json: the actions of its handlers (aws cloudformation describe-type --type
// RESOURCE --type-name …), less what only properties that the templates do not use would need.
// Without --write it ends with status 1 where a type is not there, is not used, or a policy is not
// what it would be.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { stacks } from './assembly.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

// limit is how many characters a managed policy may have, white space excepted (IAM User Guide,
// "IAM and AWS STS quotas").
const limit = 6144;

// files are the policies with the services that each allows; more than one, for the limit.
const files = {
  'cloudformation-environment.json': ['backup', 'backup-storage', 'cloudwatch', 'codebuild', 'ec2', 'ecr', 'ecs', 'elasticloadbalancing', 'rds', 'scheduler', 'sqs'],
  'cloudformation-pipeline.json': ['dynamodb', 'events', 'kms', 'lambda', 'logs', 's3', 'secretsmanager', 'sns', 'ssm', 'states'],
};

// roles are where IAM is allowed anything: all names of roles begin so.
const roles = 'arn:aws:iam::*:role/pilotage-*';

// services take roles on, and roles are handed to no other.
const services = ['backup', 'codebuild', 'ecs-tasks', 'lambda', 'scheduler', 'states', 'vpc-flow-logs'].map((name) => `${name}.amazonaws.com`);

// linked services make a role of their own when they are used in an account for the first time.
const linked = ['backup', 'ecs', 'elasticloadbalancing', 'rds'].map((name) => `${name}.amazonaws.com`);

function policies(actions) {
  const of = (names) => actions.filter((action) => names.includes(action.split(':')[0]));
  const allow = (Action, Resource, Condition) => ({ Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) });
  const made = Object.fromEntries(Object.entries(files).map(([file, names]) => [file, [allow(of(names), '*')]]));
  made['cloudformation-pipeline.json'].push(
    // The functions' code, where the CDK has put it.
    allow(['s3:GetObject'], 'arn:aws:s3:::cdk-*-assets-*'),
    allow(of(['iam']).filter((action) => action !== 'iam:PassRole'), roles),
    allow(['iam:PassRole'], roles, { StringEquals: { 'iam:PassedToService': services } }),
    allow(['iam:CreateServiceLinkedRole'], 'arn:aws:iam::*:role/aws-service-role/*', { StringEquals: { 'iam:AWSServiceName': linked } }),
  );
  return made;
}

function main(folder, write) {
  const table = JSON.parse(readFileSync(here('permissions.json'), 'utf8'));
  const used = new Set(Object.values(stacks(folder)).flatMap(({ template }) => Object.values(template.Resources).map(({ Type }) => Type)));
  const wrong = [
    ...[...used].filter((type) => !table[type]).map((type) => `${type} is not in scripts/permissions.json: add the actions of its handlers`),
    ...Object.keys(table).filter((type) => !used.has(type)).map((type) => `${type} is in scripts/permissions.json, but in no template: remove it`),
  ];
  const actions = [...new Set([...used].flatMap((type) => table[type] ?? []))].sort();
  const known = [...Object.values(files).flat(), 'iam'];
  wrong.push(...actions.filter((action) => !known.includes(action.split(':')[0])).map((action) => `${action}: no policy of scripts/permissions.mjs has its service`));
  for (const [file, Statement] of Object.entries(policies(actions))) {
    const document = { Version: '2012-10-17', Statement };
    const text = `${JSON.stringify(document, null, 2)}\n`;
    const path = here(join('..', 'docs', 'policies', file));
    const length = JSON.stringify(document).length;
    console.log(`    docs/policies/${file}: ${length} of at most ${limit} characters`);
    if (length > limit) wrong.push(`docs/policies/${file} is too long for a managed policy: divide its services`);
    if (write) writeFileSync(path, text);
    else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) wrong.push(`docs/policies/${file} is not what the templates need: node scripts/permissions.mjs --write`);
  }
  for (const line of wrong) console.error(line);
  console.log(`${used.size} types of resources need ${actions.length} actions`);
  return wrong.length > 0 ? 1 : 0;
}

const args = process.argv.slice(2);
process.exitCode = main(args.find((arg) => !arg.startsWith('--')) ?? 'cdk.out', args.includes('--write'));
