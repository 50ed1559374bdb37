import { useTranslation } from 'adminjs';
import type { Feature } from './form-values.ts';

interface FeaturesInputProps {
  features: Feature[];
  set: (features: Feature[]) => void;
}

/** The list of a plan's features: the same keys on every plan, so that the pricing page lines them up. */
export function FeaturesInput({ features, set }: FeaturesInputProps) {
  const { t } = useTranslation();
  const change = (index: number, feature: Feature) =>
    set(features.map((before, at) => (at === index ? feature : before)));
  return (
    <div>
      {features.map((feature, index) => (
        <FeatureRow
          key={index}
          feature={feature}
          change={(changed) => change(index, changed)}
          remove={() => set(features.filter((_, at) => at !== index))}
        />
      ))}
      <button
        type="button"
        className="p-button p-quiet p-small"
        onClick={() => set([...features, { key: '', included: true, label: {} }])}
      >
        {t('panel.form.addFeature')}
      </button>
    </div>
  );
}

interface FeatureRowProps {
  feature: Feature;
  change: (feature: Feature) => void;
  remove: () => void;
}

function FeatureRow({ feature, change, remove }: FeatureRowProps) {
  const { t } = useTranslation();
  const { key, included, label } = feature;
  const words = (language: string) => ({
    lang: language,
    value: label[language] ?? '',
    onChange: (event: { target: { value: string } }) =>
      change({ ...feature, label: { ...label, [language]: event.target.value } }),
  });
  return (
    <div className="p-feature-row">
      <input
        type="checkbox"
        aria-label={t('panel.included')}
        checked={included}
        onChange={(event) => change({ ...feature, included: event.target.checked })}
      />
      <input
        aria-label={t('panel.form.featureKey')}
        placeholder="hd_images"
        required
        value={key}
        onChange={(event) => change({ ...feature, key: event.target.value })}
      />
      <input aria-label="English" placeholder="English" required {...words('en')} />
      <input aria-label="简体中文" placeholder="简体中文" {...words('zh-CN')} />
      <button type="button" className="p-x" aria-label={t('panel.form.removeFeature')} onClick={remove}>
        ×
      </button>
    </div>
  );
}
