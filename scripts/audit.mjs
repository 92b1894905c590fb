#!/usr/bin/env node
// Audits synthesised templates with cdk-nag, CloudFormation Validate and cfn-guard:
//
//   node scripts/audit.mjs [FOLDER]
//
// FOLDER is a cloud assembly, cdk.out unless given. A finding is accepted only by an entry of
// scripts/audit-accepted.json that says why. Findings that nobody has accepted, and entries that
// accept nothing any more, end the audit with status 1.

import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CfnGuardValidator } from '@cdklabs/cdk-validator-cfnguard';
import { App, Aspects, LegacyStackSynthesizer, Stack } from 'aws-cdk-lib';
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include';
import { AwsSolutionsChecks } from 'cdk-nag';

const folder = process.argv[2] ?? 'cdk.out';
const acceptedFile = fileURLToPath(new URL('audit-accepted.json', import.meta.url));
const suffix = '.template.json';

function main() {
  const templates = readdirSync(folder).filter((name) => name.endsWith(suffix)).map((name) => join(folder, name));
  if (templates.length === 0) {
    console.error(`there is no template in ${folder}: run \`make synth\``);
    return 1;
  }
  const nag = new Set();
  const findings = [...cdkFindings(templates, nag), ...guardFindings(templates)];
  const entries = JSON.parse(readFileSync(acceptedFile, 'utf8'));
  for (const entry of entries) entry.count = 0;
  const open = findings.filter((finding) => !accept(entries, finding));
  const unused = entries.filter((entry) => entry.count === 0);
  for (const { tool, rule, stack, resource, detail } of open) console.error(`${tool} ${rule}: ${stack}/${resource}: ${detail}`);
  for (const entry of unused) console.error(`${entry.tool} ${entry.rule}: accepted, but found nowhere; remove it from audit-accepted.json`);
  console.log(`${templates.length} templates, ${nag.size} rules of cdk-nag applied, ${findings.length} findings: `
    + `${findings.length - open.length} accepted for ${entries.length} reasons, ${open.length} open`);
  return open.length + unused.length > 0 ? 1 : 0;
}

// accept finds the entry that accepts a finding. Stack and resource are regular expressions for
// all of the name; without one, any will do.
function accept(entries, finding) {
  const matches = (pattern, text) => pattern === undefined || new RegExp(`^(?:${pattern})$`).test(text);
  const entry = entries.find((e) => e.tool === finding.tool && e.rule === finding.rule && e.reason?.length > 20
    && matches(e.stack, finding.stack) && matches(e.resource, finding.resource) && matches(e.detail, finding.detail));
  if (entry) entry.count++;
  return entry !== undefined;
}

// cdkFindings reads the templates back into constructs, which is what cdk-nag looks at, and
// synthesises them, upon which the CDK has CloudFormation Validate check what comes out.
function cdkFindings(templates, rules) {
  const findings = [];
  const outdir = mkdtempSync(join(tmpdir(), 'audit-'));
  try {
    const app = new App({ outdir, analyticsReporting: false, treeMetadata: false });
    for (const template of templates) {
      const stack = new Stack(app, basename(template, suffix), { synthesizer: new LegacyStackSynthesizer() });
      new CfnInclude(stack, 'Template', { templateFile: template });
    }
    const note = (resource, ruleId, detail) => findings.push({
      tool: 'cdk-nag', rule: ruleId, stack: Stack.of(resource).node.id, resource: resource.node.id, detail,
    });
    const ignore = ({ ruleId }) => rules.add(ruleId);
    Aspects.of(app).add(new AwsSolutionsChecks({
      reports: false,
      additionalLoggers: [{
        onCompliance: ignore,
        onNonCompliance: (data) => { ignore(data); note(data.resource, data.ruleId, data.findingId || data.ruleInfo); },
        onError: ({ ruleId, resource, errorMessage }) => note(resource, ruleId, `cannot be checked: ${errorMessage}`),
        onSuppressed: () => {}, onSuppressedError: () => {}, onNotApplicable: () => {},
      }],
    }));
    app.synth();
    return [...findings, ...validateFindings(JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8')))];
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

// validateFindings are those of CloudFormation Validate, warnings included.
function validateFindings({ pluginReports }) {
  return pluginReports.flatMap(({ violations }) => violations.flatMap(({ ruleName, description, violatingConstructs }) => violatingConstructs.map(({ constructPath, cloudFormationResource }) => ({
    tool: 'cfn-validate', rule: ruleName, stack: constructPath.split('/')[0], resource: cloudFormationResource?.logicalId ?? constructPath, detail: description,
  }))));
}

// guardFindings checks against AWS Control Tower's proactive controls.
function guardFindings(templatePaths) {
  const report = new CfnGuardValidator().validate({ templatePaths });
  return report.violations.flatMap(({ ruleName, fix, description, violatingResources }) => violatingResources.map((violating) => ({
    tool: 'cfn-guard', rule: ruleName, stack: basename(violating.templatePath, suffix), resource: violating.resourceLogicalId,
    detail: (fix ?? description ?? '').replace(/\s+/g, ' ').slice(0, 200),
  })));
}

process.exitCode = main();
