/** What react.test.mjs translates: a React application with text that changes, lists in lines and in blocks, parts that come
 *  and go, a portal, a field.  `App` is a function of its state; `mount` gives the handle that the test holds. */

import { Component, Fragment, StrictMode, useState } from 'react';
import { createPortal, flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';

export const FIRST = { name: 'Ada', count: 3, names: ['red', 'green', 'blue'], words: ['one', 'two', 'three', 'four'],
  shown: true, extra: false, turn: 1, pair: true };

function Counter({ start }) {
  const [count, setCount] = useState(start);
  return <p><button id="up" onClick={() => setCount(count + 1)}>Count up</button> It was pressed <b>{count}</b> times.</p>;
}

function App({ name, count, names, words, shown, extra, turn, pair }) {
  return <main>
    <h1>Hello {name}, you have {count} new <b>mails</b>{count > 5 ? ', which is a lot' : ''}.</h1>
    {shown ? <p id="shown">It is <i>shown</i> now.</p> : <span>It is gone.</span>}
    <p id="extra">There is {extra && <em>sometimes</em>} a word <b>here</b>.</p>
    <p id="keyed" key={turn}>This has a <u>key</u> of its own.</p>
    <ul>{names.map((each) => <li key={each}>The <b>{each}</b> one is here.</li>)}</ul>
    <p id="words">{words.map((each) => <b key={each}>{each} </b>)}</p>
    <p id="fragments">{words.map((each) => <Fragment key={each}>then <i>{each}</i>, </Fragment>)}</p>
    <p id="pair">{pair && <><b>big </b><i>cat</i></>}</p>
    <p id="inner">See <u>{pair && <><b>big </b><i>cat</i></>}</u> there.</p>
    <p title={`The title of ${name}`}>{name} wrote this.</p>
    <Counter start={count} />
    <input placeholder="Your name" value={name} onChange={() => {}} />
    <select value="b" onChange={() => {}}><option value="a">First choice</option><option value="b">Second choice</option></select>
  </main>;
}

/** Whatever React throws while it commits. */
class Boundary extends Component {
  state = { error: undefined };
  static getDerivedStateFromError(error) { return { error }; }
  render() { return this.state.error ? <p id="broken">{String(this.state.error)}</p> : this.props.children; }
}

/** @param {Element} container @param {Element} outside of a portal */
export function mount(container, outside) {
  const errors = [], note = (/** @type {unknown} */ error) => errors.push(String(error));
  const root = createRoot(container, { onUncaughtError: note, onCaughtError: note, onRecoverableError: note });
  let state = FIRST;
  const render = (/** @type {Partial<typeof FIRST>} */ change = {}) => {
    state = { ...state, ...change };
    flushSync(() => root.render(<StrictMode><Boundary><App {...state} />
      {createPortal(<p>Outside {state.name} of it.</p>, outside)}</Boundary></StrictMode>));
  };
  render();
  return { errors, render, unmount: () => flushSync(() => root.unmount()) };
}
