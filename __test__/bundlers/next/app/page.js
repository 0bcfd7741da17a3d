export default function Page () { return 'Hello' }
