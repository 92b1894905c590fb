// Destroys one stack together with its data, and says beforehand what that is.

import { resources } from './assembly.mjs';

// losses says in people's words what goes with a stack.
function losses(stack) {
  const ids = (type) => Object.keys(resources(stack, type));
  const named = (type, property) => Object.values(resources(stack, type)).map((r) => r.Properties?.[property]).filter((name) => typeof name === 'string');
  const lines = [];
  const add = (names, text) => { if (names.length > 0) lines.push(text(names.join(', '))); };
  add(named('AWS::RDS::DBInstance', 'DBInstanceIdentifier'), (names) => `the database ${names}, its automated backups, and the snapshots that deployments took of it`);
  add(ids('AWS::DynamoDB::Table'), (names) => `the table ${names}: what was deployed when and by whom, holds, and what a rollback goes back to`);
  add(ids('AWS::S3::Bucket'), (names) => `the buckets ${names}, all versions of all objects: change records and releases are in Archive`);
  add(named('AWS::ECR::Repository', 'RepositoryName'), (names) => `the images in the repository ${names}`);
  add(named('AWS::Backup::BackupVault', 'BackupVaultName'), (names) => `the vault ${names} with the daily backups of the table and of every database`);
  add(ids('AWS::SecretsManager::Secret'), (names) => `the secrets ${names}`);
  add(ids('AWS::Logs::LogGroup'), (names) => `${names.split(', ').length} groups of logs`);
  add(ids('AWS::KMS::Key'), (names) => `the key ${names}, 30 days later: until then the deletion can be cancelled`);
  return lines;
}

// refuse says what would be deleted, and how to ask for it.
export function refuse(stack, say) {
  say(`refused: \`make destroy ENV=${stack.id}\` would delete the stack ${stack.name}, and with it`);
  for (const line of losses(stack)) say(`  - ${line}`);
  say(`If that is what you want, say so: make destroy ENV=${stack.id} DATA=delete`);
  say('Nothing was changed.');
}

// destroy reports whether the stack is gone. The assembly must be one that lets data go.
export function destroy(stack, { run, say, folder }) {
  const aws = caller(stack, run);
  const kept = Object.entries(stack.template.Resources).filter(([, r]) => r.DeletionPolicy === 'Snapshot' || (r.DeletionPolicy?.startsWith('Retain') && !r.Type.endsWith('Version')));
  if (kept.length > 0) throw new Error(`${stack.name} was synthesised to keep ${kept[0][0]}: use \`make destroy ENV=${stack.id} DATA=delete\``);
  const status = statusOf(stack, aws);
  if (status === undefined) {
    say(`${stack.name} is not there: nothing to destroy`);
    return true;
  }
  say(`==> deleting the stack ${stack.name}, and with it`);
  for (const line of losses(stack)) say(`  - ${line}`);
  const cdk = (...args) => run('npx', ['--no-install', 'cdk', ...args, '--app', folder, '--exclusively', stack.id]).status === 0;
  // Deletion is refused by the services themselves until the stack says otherwise.
  say('==> turning the protection of its data off');
  const stuck = ['DELETE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED'].includes(status);
  if (stuck) unprotect(stack, aws);
  else if (!cdk('deploy')) return false;
  say('==> emptying what is not deleted while anything is in it');
  empty(stack, aws, say);
  if (!cdk('destroy', '--force')) {
    // Access logs come in until what writes them is gone.
    say('==> emptying once more, and trying again');
    empty(stack, aws, say);
    if (!cdk('destroy', '--force')) return false;
  }
  if (stuck) say('It was deleted as it was deployed: buckets, tables, keys and repositories that its deployment had made are there still. See docs/deploy-to-aws.md.');
  return true;
}

// caller calls the AWS CLI and returns what it answers; a failed call ends the program.
function caller({ region }, run) {
  return (...args) => {
    const { status, stdout, stderr } = run('aws', [...args, '--output', 'json', ...(region ? ['--region', region] : [])], { capture: true });
    if (status !== 0) throw new Error(`aws ${args.slice(0, 2).join(' ')}: ${stderr.trim() || `ended with ${status}`}`);
    return stdout.trim() === '' ? {} : JSON.parse(stdout);
  };
}

function statusOf(stack, aws) {
  try {
    return aws('cloudformation', 'describe-stacks', '--stack-name', stack.name).Stacks[0].StackStatus;
  } catch (error) {
    if (error.message.includes('does not exist')) return undefined;
    throw error;
  }
}

// physical finds the names of a stack's resources, by their type.
function physical(stack, aws) {
  const all = aws('cloudformation', 'list-stack-resources', '--stack-name', stack.name).StackResourceSummaries
    .filter((r) => r.PhysicalResourceId && r.ResourceStatus !== 'DELETE_COMPLETE');
  return (type) => all.filter((r) => r.ResourceType === type).map((r) => r.PhysicalResourceId);
}

// unprotect does by hand what a deployment would do: a stack that could not be made, or not be
// deleted, takes none.
function unprotect(stack, aws) {
  const of = physical(stack, aws);
  aws('cloudformation', 'update-termination-protection', '--stack-name', stack.name, '--no-enable-termination-protection');
  for (const name of of('AWS::RDS::DBInstance')) aws('rds', 'modify-db-instance', '--db-instance-identifier', name, '--no-deletion-protection', '--apply-immediately');
  for (const name of of('AWS::DynamoDB::Table')) aws('dynamodb', 'update-table', '--table-name', name, '--no-deletion-protection-enabled');
  for (const arn of of('AWS::ElasticLoadBalancingV2::LoadBalancer')) {
    aws('elbv2', 'modify-load-balancer-attributes', '--load-balancer-arn', arn, '--attributes', 'Key=deletion_protection.enabled,Value=false', 'Key=access_logs.s3.enabled,Value=false');
  }
}

function empty(stack, aws, say) {
  const of = physical(stack, aws);
  for (const bucket of of('AWS::S3::Bucket')) say(`    ${emptyBucket(bucket, aws)} objects of ${bucket}`);
  for (const instance of of('AWS::RDS::DBInstance')) say(`    ${deleteSnapshots(instance, aws)} snapshots of ${instance}`);
  for (const vault of of('AWS::Backup::BackupVault')) say(`    ${deleteBackups(vault, aws)} backups in ${vault}`);
}

function emptyBucket(bucket, aws) {
  for (let deleted = 0; ;) {
    // As many as fit into one argument of a program.
    const page = aws('s3api', 'list-object-versions', '--bucket', bucket, '--max-items', '250');
    const objects = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({ Key, VersionId }));
    if (objects.length === 0) return deleted;
    const answer = aws('s3api', 'delete-objects', '--bucket', bucket, '--delete', JSON.stringify({ Objects: objects, Quiet: true }));
    const refused = answer.Errors?.[0];
    if (refused) throw new Error(`delete ${refused.Key} of ${bucket}: ${refused.Code}: ${refused.Message}; a record that is locked can be deleted by nobody before its time`);
    deleted += objects.length;
  }
}

function deleteSnapshots(instance, aws) {
  const { DBSnapshots: found } = aws('rds', 'describe-db-snapshots', '--db-instance-identifier', instance, '--snapshot-type', 'manual');
  for (const { DBSnapshotIdentifier: id } of found) aws('rds', 'delete-db-snapshot', '--db-snapshot-identifier', id);
  return found.length;
}

function deleteBackups(vault, aws) {
  const { RecoveryPoints: found } = aws('backup', 'list-recovery-points-by-backup-vault', '--backup-vault-name', vault);
  for (const { RecoveryPointArn: arn } of found) aws('backup', 'delete-recovery-point', '--backup-vault-name', vault, '--recovery-point-arn', arn);
  return found.length;
}
