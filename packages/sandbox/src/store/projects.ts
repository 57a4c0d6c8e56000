import type {DatabaseSync} from 'node:sqlite';
import {buildProject, type Project, type ProjectDefinition} from '../project/project.ts';
import {tokenOf} from './settings.ts';

/** Inserts a project and returns its number and new token; call inside a transaction. */
export function insertProject(
  database: DatabaseSync,
  seed: string,
  project: {name: string; created: string; definition: ProjectDefinition},
): {id: number; token: string} {
  const last = database.prepare('SELECT coalesce(max(id), 0) AS last FROM project').get();
  const id = Number(last?.last) + 1;
  const token = tokenOf(seed, id);
  database
    .prepare('INSERT INTO project (id, name, token, created, definition) VALUES (?, ?, ?, ?, ?)')
    .run(id, project.name, token, project.created, JSON.stringify(project.definition));
  return {id, token};
}

/** Stores a changed definition (new dictionary, new repeating forms). */
export function updateDefinition(database: DatabaseSync, id: number, definition: ProjectDefinition): void {
  database.prepare('UPDATE project SET definition = ? WHERE id = ?').run(JSON.stringify(definition), id);
}

/**
 * Projects by token, built once and kept until the database file changes: `load` is another process, so nothing is kept
 * without asking `data_version`, which changes with every commit of others; own changes call `forget`.
 */
export class ProjectCache {
  readonly #database: DatabaseSync;
  readonly #projects = new Map<string, Project>();
  #version: unknown;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  byToken(token: string): Project | undefined {
    const version = this.#database.prepare('PRAGMA data_version').get()?.data_version;
    if (version !== this.#version) this.#projects.clear();
    this.#version = version;
    const kept = this.#projects.get(token);
    if (kept !== undefined) return kept;
    const row = this.#database
      .prepare('SELECT id, name, token, created, definition FROM project WHERE token = ?')
      .get(token);
    if (row === undefined) return undefined;
    const stored = {id: Number(row.id), name: String(row.name), token, created: String(row.created)};
    const project = buildProject(stored, JSON.parse(String(row.definition)) as ProjectDefinition);
    this.#projects.set(token, project);
    return project;
  }

  forget(): void {
    this.#projects.clear();
  }
}

/** Name and token of every project, oldest first. */
export function listProjects(database: DatabaseSync): {id: number; name: string; token: string}[] {
  const rows = database.prepare('SELECT id, name, token FROM project ORDER BY id').all();
  return rows.map(row => ({id: Number(row.id), name: String(row.name), token: String(row.token)}));
}
