/** Applied once each, in this order; never change one that has been released, add another. */
export const MIGRATIONS: readonly { readonly id: string; readonly statements: readonly string[] }[] = [
  {
    id: '0001 users, sessions, dashboards',
    statements: [
      `create table user (
        id integer primary key autoincrement, login text not null unique collate nocase, email text not null collate nocase,
        name text not null, password text not null, org_role text not null, is_admin integer not null,
        is_disabled integer not null default 0, created_ms integer not null, updated_ms integer not null,
        last_seen_ms integer not null)`,
      `create table user_auth_token (
        id integer primary key autoincrement, user_id integer not null references user (id) on delete cascade,
        token_hash text not null unique, previous_hash text not null, rotated_ms integer not null,
        seen_ms integer not null, created_ms integer not null, client_ip text not null, user_agent text not null)`,
      `create index user_auth_token_previous on user_auth_token (previous_hash)`,
      `create table login_attempt (
        id integer primary key autoincrement, username text not null collate nocase, created_ms integer not null)`,
      `create index login_attempt_username on login_attempt (username, created_ms)`,
      `create table folder (
        id integer primary key autoincrement, uid text not null unique, title text not null, parent_uid text not null,
        provider text not null, created_ms integer not null, updated_ms integer not null)`,
      `create table dashboard (
        id integer primary key autoincrement, uid text not null unique, slug text not null, title text not null,
        tags text not null, data text not null, version integer not null, folder_uid text not null,
        created_ms integer not null, updated_ms integer not null, created_by text not null, updated_by text not null,
        provider text not null, external_id text not null, checksum text not null)`,
      `create index dashboard_provider on dashboard (provider)`,
      `create table dashboard_version (
        id integer primary key autoincrement, dashboard_uid text not null references dashboard (uid) on delete cascade,
        version integer not null, parent_version integer not null, data text not null, message text not null,
        created_ms integer not null, created_by text not null, unique (dashboard_uid, version))`,
      `create table star (
        user_id integer not null references user (id) on delete cascade,
        dashboard_uid text not null references dashboard (uid) on delete cascade, primary key (user_id, dashboard_uid))`,
      `create table preferences (
        user_id integer primary key references user (id) on delete cascade, theme text not null, timezone text not null,
        week_start text not null)`,
      `create table kv_store (key text primary key, value text not null)`,
    ],
  },
  {
    id: '0002 single sign-on',
    statements: [
      `create table user_auth (
        id integer primary key autoincrement, user_id integer not null references user (id) on delete cascade,
        auth_module text not null, auth_id text not null, created_ms integer not null, unique (auth_module, auth_id))`,
      `create index user_auth_user on user_auth (user_id)`,
      `create table user_external_session (
        session_id integer primary key references user_auth_token (id) on delete cascade,
        auth_module text not null, tokens text not null, expires_ms integer not null)`,
    ],
  },
]
