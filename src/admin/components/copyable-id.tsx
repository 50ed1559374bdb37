import { useTranslation } from 'adminjs';
import { useState, type MouseEvent } from 'react';
import { shortId } from './format.ts';

export function CopyableId({ id, full = false }: { id: string; full?: boolean }) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  const copy = (event: MouseEvent) => {
    event.preventDefault();
    event.stopPropagation();
    void navigator.clipboard.writeText(id).then(() => {
      setCopied(true);
      setTimeout(() => {
        setCopied(false);
      }, 1500);
    });
  };
  return (
    <button type="button" className="p-id" title={full ? t('panel.copy') : `${id} · ${t('panel.copy')}`} onClick={copy}>
      {copied ? t('panel.copied') : full ? id : shortId(id)}
    </button>
  );
}
