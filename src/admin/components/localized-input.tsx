const languages = [
  ['en', 'English'],
  ['zh-CN', '简体中文'],
] as const;

interface LocalizedInputProps {
  texts: Record<string, string>;
  long?: boolean;
  required?: boolean;
  set: (texts: Record<string, string>) => void;
}

/** The same words in both languages, side by side. */
export function LocalizedInput({ texts, long = false, required = false, set }: LocalizedInputProps) {
  return (
    <div className="p-pair">
      {languages.map(([language, name]) => {
        const field = {
          lang: language,
          value: texts[language] ?? '',
          required: required && language === 'en',
          onChange: (event: { target: { value: string } }) => {
            set({ ...texts, [language]: event.target.value });
          },
        };
        return (
          <label key={language}>
            <span lang={language}>{name}</span>
            {long ? <textarea rows={2} {...field} /> : <input {...field} />}
          </label>
        );
      })}
    </div>
  );
}
