import { useTranslation } from 'adminjs';
import { useState, type FormEvent } from 'react';
import type { IncidentCase } from '../incident-case.ts';
import type { Send } from './incident-case.tsx';
import { Time } from './value.tsx';

interface Props {
  found: IncidentCase;
  sending: boolean;
  send: Send;
}

/** What staff said about an incident, and room for more. */
export function IncidentComments({ found: { comments, mayComment, commentId }, sending, send }: Props) {
  const { t } = useTranslation();
  const [comment, setComment] = useState('');
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await send('comment', { comment, commentId })) setComment('');
  };
  return (
    <section className="p-comments">
      <h2>{t('panel.case.comments')}</h2>
      {comments.length === 0 && <p className="p-quiet-text">{t('panel.case.noComments')}</p>}
      <ol>
        {comments.map(({ id, by, body, createdAt }) => (
          <li key={id}>
            <p className="p-comment-by">
              <strong>{by}</strong> <Time iso={createdAt} />
            </p>
            <p className="p-comment-body">{body}</p>
          </li>
        ))}
      </ol>
      {mayComment && (
        <form
          onSubmit={(event) => {
            void submit(event);
          }}
        >
          <label className="p-field">
            <span>{t('panel.actions.comment.lead')}</span>
            <textarea
              name="comment"
              rows={2}
              maxLength={2000}
              required
              value={comment}
              onChange={({ target }) => {
                setComment(target.value);
              }}
            />
          </label>
          <button type="submit" className="p-button p-quiet p-small" disabled={sending} data-testid="comment">
            {t(sending ? 'panel.sending' : 'panel.actions.comment.confirm')}
          </button>
        </form>
      )}
    </section>
  );
}
