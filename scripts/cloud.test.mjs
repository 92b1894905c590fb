import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cloud, exit } from './cloud.mjs';

// world is an assembly of two stacks and the programs that are called on it: answers are by the
// first two arguments, the last of a list again and again.
function world(t, { answers = {}, policy = 'Delete', where = 'aws://unknown-account/unknown-region' } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'assembly-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const stack = (id, name, Resources) => {
    writeFileSync(join(folder, `${id}.template.json`), JSON.stringify({ Resources }));
    return { type: 'aws:cloudformation:stack', environment: where, properties: { templateFile: `${id}.template.json`, stackName: name } };
  };
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ artifacts: {
    Tree: { type: 'cdk:tree' },
    Pipeline: stack('Pipeline', 'pilotage', {
      Archive: { Type: 'AWS::S3::Bucket', DeletionPolicy: policy }, Vault: { Type: 'AWS::Backup::BackupVault', DeletionPolicy: policy, Properties: { BackupVaultName: 'pilotage' } },
      Function: { Type: 'AWS::Lambda::Version', DeletionPolicy: 'Retain' },
    }),
    staging: stack('staging', 'pilotage-app-staging', {
      Database: { Type: 'AWS::RDS::DBInstance', DeletionPolicy: policy, Properties: { DBInstanceIdentifier: 'app-staging' } },
      Logs: { Type: 'AWS::S3::Bucket', DeletionPolicy: policy },
    }),
  } }));
  const calls = [], said = [];
  const run = (program, args) => {
    calls.push([program, ...args].join(' '));
    const key = program === 'aws' ? args.slice(0, 2).join(' ') : args.slice(1, 3).join(' ');
    const list = answers[key] ?? [{}];
    const { status = 0, stderr = '', ...stdout } = list.length > 1 ? list.shift() : list[0];
    return { status, stderr, stdout: JSON.stringify(stdout) };
  };
  return { calls, said, text: () => said.join('\n'), does: (args, data) => cloud(args, { run, say: (line) => said.push(line), folder, data }) };
}

const deployed = (status = 'UPDATE_COMPLETE', resources = []) => ({
  'cloudformation describe-stacks': [{ Stacks: [{ StackStatus: status }] }],
  'cloudformation list-stack-resources': [{ StackResourceSummaries: resources.map(([ResourceType, PhysicalResourceId]) => ({ ResourceType, PhysicalResourceId, ResourceStatus: 'CREATE_COMPLETE' })) }],
  's3api list-object-versions': [{ Versions: [{ Key: 'a', VersionId: '1' }], DeleteMarkers: [{ Key: 'b', VersionId: '2' }] }, {}],
  'rds describe-db-snapshots': [{ DBSnapshots: [{ DBSnapshotIdentifier: 'pilotage-d1' }] }],
  'backup list-recovery-points-by-backup-vault': [{ RecoveryPoints: [{ RecoveryPointArn: 'arn:r' }] }],
});

test('the pipeline goes with each environment', (t) => {
  const w = world(t);
  assert.equal(w.does(['deploy', 'staging']), exit.done);
  assert.match(w.calls[0], /^npx --no-install cdk deploy --app \S+ Pipeline staging$/);
  assert.match(w.text(), /pilotage and pilotage-app-staging \(the account of your credentials, your default region\)/);
});

test('account and region are said where they are known', (t) => {
  const w = world(t, { where: 'aws://123456789012/eu-central-1' });
  w.does(['diff', 'staging']);
  assert.match(w.text(), /account 123456789012, region eu-central-1/);
});

test('an environment that is none is refused, and those that are named', (t) => {
  for (const args of [['deploy'], ['deploy', 'stagin'], ['deploy', '']]) {
    const w = world(t);
    assert.equal(w.does(args), exit.usage);
    assert.deepEqual(w.calls, []);
    assert.match(w.text(), /staging/);
  }
});

test('a failed deployment is a failure', (t) => {
  const w = world(t, { answers: { 'cdk deploy': [{ status: 1 }] } });
  assert.equal(w.does(['deploy', 'staging']), exit.failed);
  assert.match(w.text(), /what to look at: docs\/deploy-to-aws\.md/);
});

test('data is deleted for nobody who has not asked for it', (t) => {
  for (const data of [undefined, '', 'keep', 'yes']) {
    const w = world(t, { policy: 'Retain' });
    assert.equal(w.does(['destroy', 'staging'], data), exit.refused);
    assert.deepEqual(w.calls, []);
    assert.match(w.text(), /would delete the stack pilotage-app-staging.*the database app-staging.*make destroy ENV=staging DATA=delete.*Nothing was changed/s);
  }
});

test('a stack that keeps its data is not destroyed', (t) => {
  const w = world(t, { policy: 'Snapshot' });
  assert.throws(() => w.does(['destroy', 'staging'], 'delete'), /synthesised to keep Database/);
  assert.deepEqual(w.calls, []);
});

test('a stack goes with its data', (t) => {
  const w = world(t, { where: 'aws://123456789012/eu-central-1', answers: deployed('UPDATE_COMPLETE', [['AWS::S3::Bucket', 'logs'], ['AWS::RDS::DBInstance', 'app-staging']]) });
  assert.equal(w.does(['destroy', 'staging'], 'delete'), exit.done);
  const order = ['cdk deploy', 's3api delete-objects --bucket logs --delete {"Objects":[{"Key":"a","VersionId":"1"},{"Key":"b","VersionId":"2"}],"Quiet":true}',
    'rds delete-db-snapshot --db-snapshot-identifier pilotage-d1', 'cdk destroy --force'].map((call) => w.calls.findIndex((made) => made.includes(call)));
  assert.deepEqual(order, [...order].sort((a, b) => a - b));
  assert.ok(order[0] >= 0);
  assert.ok(w.calls.filter((made) => made.startsWith('aws')).every((made) => made.endsWith('--output json --region eu-central-1')));
  assert.ok(w.calls.filter((made) => made.startsWith('npx')).every((made) => made.endsWith('--exclusively staging')));
});

test('what came in meanwhile is deleted at a second try', (t) => {
  const w = world(t, { answers: { ...deployed('UPDATE_COMPLETE', [['AWS::Backup::BackupVault', 'pilotage']]), 'cdk destroy': [{ status: 1 }, {}] } });
  assert.equal(w.does(['destroy', 'Pipeline'], 'delete'), exit.done);
  assert.equal(w.calls.filter((made) => made.includes('delete-recovery-point --backup-vault-name pilotage --recovery-point-arn arn:r')).length, 2);
});

test('a stack that takes no update is unprotected by hand', (t) => {
  for (const status of ['DELETE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED']) {
    const w = world(t, { answers: deployed(status, [['AWS::RDS::DBInstance', 'app-staging'], ['AWS::DynamoDB::Table', 'ledger'], ['AWS::ElasticLoadBalancingV2::LoadBalancer', 'arn:lb']]) });
    assert.equal(w.does(['destroy', 'staging'], 'delete'), exit.done);
    assert.ok(!w.calls.some((made) => made.includes('cdk deploy')));
    for (const call of ['cloudformation update-termination-protection --stack-name pilotage-app-staging --no-enable-termination-protection',
      'rds modify-db-instance --db-instance-identifier app-staging --no-deletion-protection', 'dynamodb update-table --table-name ledger --no-deletion-protection-enabled',
      'elbv2 modify-load-balancer-attributes --load-balancer-arn arn:lb']) {
      assert.ok(w.calls.some((made) => made.includes(call)), call);
    }
    assert.match(w.text(), /are there still/);
  }
});

test('a stack that is not there is not made first', (t) => {
  const w = world(t, { answers: { 'cloudformation describe-stacks': [{ status: 254, stderr: 'Stack with id pilotage-app-staging does not exist' }] } });
  assert.equal(w.does(['destroy', 'staging'], 'delete'), exit.done);
  assert.equal(w.calls.length, 1);
});

test('the call that failed is named', (t) => {
  const w = world(t, { answers: { 'cloudformation describe-stacks': [{ status: 255, stderr: 'Unable to locate credentials' }] } });
  assert.throws(() => w.does(['destroy', 'staging'], 'delete'), /aws cloudformation describe-stacks: Unable to locate credentials/);
});

test('records that are locked are said to be', (t) => {
  const w = world(t, { answers: { ...deployed('UPDATE_COMPLETE', [['AWS::S3::Bucket', 'archive']]), 's3api delete-objects': [{ Errors: [{ Key: 'records/1', Code: 'AccessDenied', Message: 'no' }] }] } });
  assert.throws(() => w.does(['destroy', 'Pipeline'], 'delete'), /records\/1 of archive: AccessDenied.*locked/);
});
