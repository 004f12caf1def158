import type { Mode, Role } from '#contract/roles.ts';
import type { TestCollab } from '../../support/collab.ts';

export type AttackLesson = Awaited<ReturnType<typeof attackLesson>>;
export type Someone = { id: string; name: string; sessionId: string };

/** A classroom with a teacher and two students, and what changes there the way the API does it: stored, then told. */
export async function attackLesson(lectern: TestCollab, mode: Mode = 'free') {
  const { db, bus } = lectern;
  const [teacher, student, honest] = [
    await lectern.user('Kim'),
    await lectern.user('Mallory'),
    await lectern.user('Honest'),
  ];
  const classroom = await lectern.classroom(teacher.id, mode);
  for (const { id } of [student, honest]) await lectern.member(classroom.id, id, 'student');
  const classroomId = classroom.id;
  const told = (userId?: string) =>
    bus.publish('access.changed', userId === undefined ? { classroomId } : { classroomId, userId });
  const member = (userId: string) =>
    [
      ['classroom_id', '=', classroomId],
      ['user_id', '=', userId],
    ] as const;
  return {
    ...classroom,
    teacher,
    student,
    honest,
    token: (user: Someone) => lectern.token(user, classroomId),
    async setMode(next: Mode) {
      await db.updateTable('classrooms').set({ mode: next }).where('id', '=', classroomId).execute();
      await bus.publish('classroom.updated', { classroomId, mode: next });
      await told();
    },
    async setRole({ id }: Someone, role: Role) {
      const [own, self] = member(id);
      await db
        .updateTable('members')
        .set({ role })
        .where(...own)
        .where(...self)
        .execute();
      await told(id);
    },
    async remove({ id }: Someone) {
      const [own, self] = member(id);
      await db
        .deleteFrom('members')
        .where(...own)
        .where(...self)
        .execute();
      await told(id);
    },
    async ban({ id }: Someone) {
      const [own, self] = member(id);
      await db
        .updateTable('members')
        .set({ banned_at: Date.now() })
        .where(...own)
        .where(...self)
        .execute();
      await told(id);
    },
    async endLesson(at: number | null = Date.now()) {
      await db.updateTable('classrooms').set({ ended_at: at }).where('id', '=', classroomId).execute();
      await bus.publish('classroom.updated', { classroomId, mode });
      await told();
    },
    async logOut({ sessionId }: Someone) {
      await db.updateTable('sessions').set({ revoked_at: Date.now() }).where('id', '=', sessionId).execute();
      await bus.publish('session.revoked', { sessionId });
    },
    /** The text of the file `main` as the server reads it. */
    async text(name = classroom.main) {
      return (await bus.request('document.read', { name })).files.find(({ id }) => id === 'main')!.text;
    },
    async files(name = classroom.main) {
      return (await bus.request('document.read', { name })).files;
    },
    async rows(name = classroom.main) {
      const query = db.selectFrom('document_updates').select(['id', 'user_id', 'data']);
      return query.where('document', '=', name).orderBy('id').execute();
    },
  };
}
