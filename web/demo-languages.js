/** The two languages of the page: what they are called, and examples of each that say the same.  Words only. */

/** @typedef {'en' | 'de'} Tag */

/** @type {Record<Tag, {name: string, examples: Record<string, string>}>} */
export const LANGUAGES = {
  en: { name: 'English', examples: {
    verbs: 'The dog, who must have been able to see the cat running through the garden.',
    apart: 'Turn off the computer before you remove the cover.',
    settings: 'If you want to change the settings later, open the menu and choose the first entry.',
    greeting: 'Good morning, how are you?',
    manual: 'To start the server, run the command below. It listens on port 8080 until you stop it. '
      + 'If another program already uses that port, choose a different one in the configuration file.',
  } },
  de: { name: 'German', examples: {
    verbs: 'Der Hund, der die Katze durch den Garten hatte jagen sehen können müssen.',
    apart: 'Schalten Sie den Computer aus, bevor Sie die Abdeckung abnehmen.',
    settings: 'Wenn Sie die Einstellungen später ändern möchten, öffnen Sie das Menü und wählen Sie den ersten Eintrag.',
    greeting: 'Guten Morgen, wie geht es Ihnen?',
    manual: 'Um den Server zu starten, führen Sie den folgenden Befehl aus. Er lauscht auf Port 8080, bis Sie ihn beenden. '
      + 'Wenn ein anderes Programm diesen Port bereits verwendet, wählen Sie in der Konfigurationsdatei einen anderen.',
  } },
};

/** @param {Tag} language @returns {Tag} */
export const otherOf = (language) => (language === 'en' ? 'de' : 'en');

/** What a text becomes when the page turns round: the same example, if it is one, else its translation.
 *  @param {string} text @param {string} translation or what was turned into this text
 *  @param {Tag} from @returns {{text: string, isExample: boolean}} */
export function turned(text, translation, from) {
  const name = Object.keys(LANGUAGES[from].examples).find((each) => LANGUAGES[from].examples[each] === text);
  return name ? { text: LANGUAGES[otherOf(from)].examples[name], isExample: true }
    : { text: translation || text, isExample: false };
}
