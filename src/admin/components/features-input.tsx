import { useTranslation } from 'adminjs';
import type { Feature } from './form-values.ts';

interface FeaturesInputProps {
  features: Feature[];
  set: (features: Feature[]) => void;
}

/** The list of a plan's features: the same keys on every plan, so that the pricing page lines them up. */
export function FeaturesInput({ features, set }: FeaturesInputProps) {
  const { t } = useTranslation();
  const change = (index: number, part: Partial<Feature>) => { set(features.map((feature, at) => (at === index ? { ...feature, ...part } : feature))); };
  const label = (index: number, language: string, words: string) => { change(index, { label: { ...features[index]?.label, [language]: words } }); };
  return (
    <div className="p-feature-list">
      {features.map((feature, index) => (
        <div key={index} className="p-feature-row">
          <input type="checkbox" aria-label={t('panel.included')} checked={feature.included} onChange={(event) => { change(index, { included: event.target.checked }); }} />
          <input aria-label={t('panel.form.featureKey')} placeholder="hd_images" required value={feature.key} onChange={(event) => { change(index, { key: event.target.value }); }} />
          <input aria-label="English" lang="en" placeholder="English" required value={feature.label['en'] ?? ''} onChange={(event) => { label(index, 'en', event.target.value); }} />
          <input aria-label="简体中文" lang="zh-CN" placeholder="简体中文" value={feature.label['zh-CN'] ?? ''} onChange={(event) => { label(index, 'zh-CN', event.target.value); }} />
          <button type="button" className="p-x" aria-label={t('panel.form.removeFeature')} onClick={() => { set(features.filter((_, at) => at !== index)); }}>×</button>
        </div>
      ))}
      <button type="button" className="p-button p-quiet p-small" onClick={() => { set([...features, { key: '', included: true, label: {} }]); }}>{t('panel.form.addFeature')}</button>
    </div>
  );
} // prettier-ignore
