// Drives the sandbox with @vssue/api-gitee-v5 from npm, a comment widget for blogs that somebody else wrote for browsers.
// Reads the sandbox's line of JSON from standard input; exits with 1 at the first thing that is not as the widget expects it.
'use strict';
const { readFileSync } = require('node:fs');

const facts = JSON.parse(readFileSync(0, 'utf8')).gitee;
const page = new URL(facts.redirect_uri);
// The widget runs in a browser; these are the parts of one that it touches.
globalThis.window = { location: { href: page.href, search: '' }, history: { replaceState() {} } };
const GiteeV5 = require('@vssue/api-gitee-v5').default;

let calls = 0;
function check(what, condition) {
  calls += 1;
  if (!condition) {
    console.error(`@vssue/api-gitee-v5: ${what}`);
    process.exit(1);
  }
}

async function main() {
  const api = new GiteeV5({
    baseURL: facts.api_base.replace(/\/api$/, ''),
    owner: 'demo',
    repo: 'repository-2',
    labels: ['bug'],
    clientId: facts.client_id,
    clientSecret: facts.client_secret,
    redirectUri: page.href,
    state: 'a-state',
    // The real service needs one, because it answers no foreign page; the sandbox is asked directly.
    proxy: (url) => url,
  });

  // Sign-in as in a browser: the widget leaves for the consent page, and the page sends the visitor back with a code.
  api.redirectAuth();
  const consent = await fetch(window.location.href, { redirect: 'manual' });
  check('the visitor is sent back', consent.status === 302);
  const back = new URL(consent.headers.get('location'));
  check('to the page with the state', back.origin + back.pathname === page.href && back.searchParams.get('state') === 'a-state');
  window.location = { href: page.href, search: back.search };
  const accessToken = await api.handleAuth();
  check('the code buys a token', typeof accessToken === 'string' && accessToken.length > 0);

  const user = await api.getUser({ accessToken });
  check('the user has a name and a page', user.username === 'demo' && user.homepage.startsWith('http'));

  const none = await api.getIssue({ accessToken, issueTitle: 'Comments of a page' });
  check('there is no issue for the page yet', none === null);
  const made = await api.postIssue({ accessToken, title: 'Comments of a page', content: 'https://example.com/page' });
  check('an issue is made for it', made.title === 'Comments of a page' && made.id !== undefined);
  const byId = await api.getIssue({ accessToken, issueId: made.id });
  check('it is found by its number', byId.title === made.title && byId.content.includes('https://example.com/page'));
  const byTitle = await api.getIssue({ accessToken, issueTitle: made.title });
  check('and by its title', byTitle.id === made.id);
  check('a strange number is nothing', (await api.getIssue({ accessToken, issueId: 'I00000' })) === null);

  const comments = [];
  for (const content of ['One.', 'Two, with <b>.', 'Three.']) {
    comments.push(await api.postComment({ accessToken, issueId: made.id, content }));
  }
  check('comments come rendered', comments[1].content.includes('&lt;b&gt;') && comments[1].contentRaw === 'Two, with <b>.');
  const listed = await api.getComments({ accessToken, issueId: made.id, query: { page: 1, perPage: 2 } });
  check('a page of them is as long as asked', listed.data.length === 2);
  check('and the header tells how many there are', listed.count === 3);
  const last = await api.getComments({ accessToken, issueId: made.id, query: { page: 2, perPage: 2 } });
  check('the next page has the rest', last.data.length === 1 && last.data[0].author.username === 'demo');
  const changed = await api.putComment({ accessToken, issueId: made.id, commentId: comments[0].id, content: 'Changed.' });
  check('a comment is changed', changed.contentRaw === 'Changed.');
  check('and deleted', await api.deleteComment({ accessToken, issueId: made.id, commentId: comments[0].id }));
  const left = await api.getComments({ accessToken: null, issueId: made.id });
  check('visitors without a login read what is left', left.count === 2);
  let refused = '';
  await api.postComment({ accessToken: 'wrong', issueId: made.id, content: 'No.' }).catch((error) => {
    refused = error.message;
  });
  check('a wrong token is refused in the words of the service', refused.includes('Access token'));
  console.log(`@vssue/api-gitee-v5 from npm: ${calls} expectations hold`);
}

main().catch((error) => {
  console.error(`@vssue/api-gitee-v5: ${error.stack}`);
  process.exit(1);
});
